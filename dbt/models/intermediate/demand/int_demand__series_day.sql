{#- For each issue date, the recent demand of every region and category, day by day: `days_ago` counts
    from the newest day with data. On a day with data, a category without a row was not wanted: 0. -#}
with demand as (
  select * from {{ history('int_demand__category_day', var('demand_history_days')) }} as demand
),

issues as (
  select data_date as issue_date, value_date
  from {{ last_good_dates('int_demand__category_day') }} as good
),

days as (
  select
    issues.issue_date,
    issues.value_date,
    present.data_date as demand_date,
    {{ days_between('present.data_date', 'issues.value_date') }} as days_ago
  from issues
  inner join (select distinct data_date from demand) as present
    on present.data_date <= issues.value_date
    and present.data_date
      > {{ add_days('issues.value_date',
                    '-7 - cast(' ~ param('demand_weekday_days') ~ ' as integer)') }}
),

series as (
  select distinct days.issue_date, demand.region_id, demand.category
  from days
  inner join demand on days.demand_date = demand.data_date
)

select
  days.issue_date,
  days.value_date,
  series.region_id,
  series.category,
  days.demand_date,
  cast(days.days_ago as integer) as days_ago,
  cast({{ weekday_of('days.demand_date') }} as integer) as weekday,
  cast(coalesce(demand.demand_units, 0) as decimal(18, 3)) as demand_units
from days
inner join series on days.issue_date = series.issue_date
left join demand
  on days.demand_date = demand.data_date
  and series.region_id = demand.region_id
  and series.category = demand.category
