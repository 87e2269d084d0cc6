{#- Each region's newest report up to the day; the city is the sum of its districts unless it
    reports itself. A negative change is a revision of the counts, not people. -#}
with newest as (
  select w.data_date, changes.region_id, max(changes.data_date) as value_date
  from {{ ref('int_calendar__window') }} as w
  inner join {{ ref('int_epidemic__change_day') }} as changes
    on changes.data_date <= w.data_date
    and changes.data_date >= {{ add_days('w.data_date', -var('stale_max_days')) }}
  group by w.data_date, changes.region_id
),

reported as (
  select newest.data_date as issue_date, newest.value_date, changes.*
  from newest
  inner join {{ ref('int_epidemic__change_day') }} as changes
    on newest.region_id = changes.region_id and newest.value_date = changes.data_date
),

city as (
  select
    reported.issue_date,
    min(reported.value_date) as value_date,
    '{{ var("city_region_id") }}' as region_id,
    sum(reported.confirmed) as confirmed,
    case when count(*) = count(reported.suspected) then sum(reported.suspected) end as suspected,
    sum(reported.cured) as cured,
    sum(reported.dead) as dead,
    case when count(*) = count(reported.new_confirmed) then sum(reported.new_confirmed) end
      as new_confirmed,
    case when count(*) = count(reported.new_cured) then sum(reported.new_cured) end as new_cured,
    case when count(*) = count(reported.new_dead) then sum(reported.new_dead) end as new_dead,
    case when count(*) = count(reported.new_confirmed_7d) then sum(reported.new_confirmed_7d) end
      as new_confirmed_7d,
    max(reported.days_since_previous) as days_since_previous
  from reported
  inner join {{ ref('stg_reference__regions') }} as regions
    on reported.region_id = regions.region_id
    and regions.parent_id = '{{ var("city_region_id") }}'
  where reported.issue_date not in (
    select issue_date from reported where region_id = '{{ var("city_region_id") }}'
  )
  group by reported.issue_date
),

all_regions as (
  select
    issue_date, value_date, region_id, confirmed, suspected, cured, dead,
    new_confirmed, new_cured, new_dead, new_confirmed_7d, days_since_previous
  from reported
  union all
  select
    issue_date, value_date, region_id, confirmed, suspected, cured, dead,
    new_confirmed, new_cured, new_dead, new_confirmed_7d, days_since_previous
  from city
)

select
  issue_date as data_date,
  value_date,
  region_id,
  cast(confirmed as bigint) as confirmed,
  cast(suspected as bigint) as suspected,
  cast(cured as bigint) as cured,
  cast(dead as bigint) as dead,
  cast(new_confirmed as bigint) as new_confirmed,
  cast(new_cured as bigint) as new_cured,
  cast(new_dead as bigint) as new_dead,
  cast(confirmed - cured - dead as bigint) as active,
  round(cast(new_confirmed_7d as double) / 7, 4) as new_confirmed_7d_mean,
  coalesce(new_confirmed < 0 or new_cured < 0 or new_dead < 0, false) as is_revision,
  cast(days_since_previous as integer) as days_since_previous,
  case when value_date < issue_date then 'stale' end as missing_reason
from all_regions
