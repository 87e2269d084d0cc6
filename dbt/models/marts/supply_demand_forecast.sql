{#- Demand ahead = mean of the last week x the weekday's share of the last four weeks. The interval is
    split conformal: the quantile of the absolute changes from one week to the next, widened by the
    square root of the weeks ahead. -#}
with recent as (
  select * from {{ ref('int_demand__series_day') }}
),

means as (
  select
    issue_date,
    value_date,
    region_id,
    category,
    count(*) as day_count,
    sum(demand_units) / count(*) as mean_units,
    sum(case when days_ago < {{ param('demand_level_days') }} then demand_units end)
    / nullif(sum(case when days_ago < {{ param('demand_level_days') }} then 1 else 0 end), 0)
      as level_units
  from recent
  where days_ago < {{ param('demand_weekday_days') }}
  group by issue_date, value_date, region_id, category
),

weekdays as (
  select
    issue_date,
    region_id,
    category,
    weekday,
    sum(demand_units) / count(*) as mean_units
  from recent
  where days_ago < {{ param('demand_weekday_days') }}
  group by issue_date, region_id, category, weekday
),

errors as (
  select
    later.issue_date,
    later.region_id,
    later.category,
    abs(later.demand_units - earlier.demand_units) as error_units,
    row_number() over (
      partition by later.issue_date, later.region_id, later.category
      order by abs(later.demand_units - earlier.demand_units), later.days_ago
    ) as place,
    count(*) over (
      partition by later.issue_date, later.region_id, later.category
    ) as error_count
  from recent as later
  inner join recent as earlier
    on later.issue_date = earlier.issue_date
    and later.region_id = earlier.region_id
    and later.category = earlier.category
    and earlier.days_ago = later.days_ago + 7
  where later.days_ago < {{ param('demand_weekday_days') }}
),

spreads as (
  select issue_date, region_id, category, error_units
  from errors
  where
    error_count >= {{ param('demand_min_residuals') }}
    and place = least(
      error_count, cast(ceil((error_count + 1) * {{ param('demand_interval_share') }}) as bigint)
    )
),

horizons as (
  {{ dbt.generate_series(var('demand_horizon_days')) }}
),

ahead as (
  select
    means.issue_date,
    means.value_date,
    means.region_id,
    means.category,
    {{ add_days('means.issue_date', 'cast(horizons.generated_number as integer)') }} as target_date,
    cast(horizons.generated_number as integer) as horizon_days,
    means.level_units,
    means.mean_units
  from means
  cross join horizons
  where means.day_count >= {{ param('demand_min_days') }}
),

forecast as (
  select
    ahead.*,
    round(
      cast(ahead.level_units as double)
      * coalesce(cast(weekdays.mean_units as double) / nullif(cast(ahead.mean_units as double), 0), 1),
      3
    ) as demand_units,
    round(
      cast(spreads.error_units as double) * sqrt(ceil(cast(ahead.horizon_days as double) / 7)), 3
    ) as spread_units
  from ahead
  left join weekdays
    on ahead.issue_date = weekdays.issue_date
    and ahead.region_id = weekdays.region_id
    and ahead.category = weekdays.category
    and {{ weekday_of('ahead.target_date') }} = weekdays.weekday
  left join spreads
    on ahead.issue_date = spreads.issue_date
    and ahead.region_id = spreads.region_id
    and ahead.category = spreads.category
),

expected as (
  select
    issue_date,
    region_id,
    category,
    sum(cast(demand_units as decimal(18, 3))) / count(*) as daily_units
  from forecast
  group by issue_date, region_id, category
),

targets as (
  select category, min(target_days) as cover_target_days
  from {{ ref('cover_targets') }}
  group by category
)

select
  forecast.issue_date as data_date,
  forecast.value_date,
  forecast.region_id,
  forecast.category,
  forecast.target_date,
  forecast.horizon_days,
  forecast.demand_units,
  case
    when forecast.spread_units > forecast.demand_units then 0
    else round(forecast.demand_units - forecast.spread_units, 3)
  end as demand_lower_units,
  round(forecast.demand_units + forecast.spread_units, 3) as demand_upper_units,
  stock.stock_units,
  stock.value_date as stock_date,
  round(cast(stock.stock_units as double) / nullif(cast(expected.daily_units as double), 0), 2)
    as days_of_cover,
  cast(targets.cover_target_days as integer) as cover_target_days,
  'week_level_x_weekday' as method,
  case when forecast.value_date < forecast.issue_date then 'stale' end as missing_reason
from forecast
inner join expected
  on forecast.issue_date = expected.issue_date
  and forecast.region_id = expected.region_id
  and forecast.category = expected.category
left join {{ ref('int_supply__stock_day') }} as stock
  on forecast.issue_date = stock.data_date
  and forecast.region_id = stock.region_id
  and forecast.category = stock.category
left join targets on forecast.category = targets.category
