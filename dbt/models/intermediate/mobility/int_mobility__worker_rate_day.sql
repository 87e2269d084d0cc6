{#- Shares of the workers of each district and of the city that were at work and in the city, and the
    share of people there who travelled within the city, on every date of the baseline and since. The
    variance is that of a stratified sample without replacement (Cochran 1977, 5.3), home district x
    carrier being the strata; in persons. -#}
with areas as (
  select region_id, region_id as area_region_id
  from {{ ref('int_reference__region_city') }}
  where city_region_id = '{{ var("city_region_id") }}' and region_id <> city_region_id
  union all
  select region_id, city_region_id
  from {{ ref('int_reference__region_city') }}
  where city_region_id = '{{ var("city_region_id") }}'
),

strata as (
  select
    data_date,
    work_region_id,
    -- a district without cells is unknown, not empty; the city is then that of the other districts
    case when coalesce(is_covered, true) then active_count end as active_count,
    case when coalesce(is_covered, true) then in_city_count end as in_city_count,
    cast(case when coalesce(is_covered, true) then weight end as decimal(18, 6)) * worker_count as worker_persons,
    cast(case when coalesce(is_covered, true) then weight end as decimal(18, 6)) * active_count as active_persons,
    cast(case when coalesce(is_covered, true) then weight end as decimal(18, 6)) * in_city_count as in_city_persons,
    case when coalesce(is_covered, true) then cast({{ stratum_variance('weight', 'active_count', 'worker_count') }} as decimal(24, 6)) end
      as active_variance
  from {{ history('int_mobility__worker_stratum_day', var('mobility_history_days')) }} as days
),

workers as (
  select
    strata.data_date,
    areas.area_region_id as region_id,
    sum(strata.active_count) as active_count,
    sum(strata.in_city_count) as in_city_count,
    sum(strata.worker_persons) as worker_persons,
    sum(strata.active_persons) as active_persons,
    sum(strata.in_city_persons) as in_city_persons,
    sum(strata.active_variance) as active_variance
  from strata
  inner join areas on strata.work_region_id = areas.region_id
  group by strata.data_date, areas.area_region_id
),

travellers as (
  select
    days.data_date,
    areas.area_region_id as region_id,
    sum(days.device_count) as device_count,
    sum(days.traveller_count) as traveller_count
  from {{ history('int_mobility__traveller_day', var('mobility_history_days')) }} as days
  inner join areas on days.region_id = areas.region_id
  group by days.data_date, areas.area_region_id
)

select
  workers.data_date,
  workers.region_id,
  coalesce(calendar.is_workday, {{ weekday_of('workers.data_date') }} < 5) as is_workday,
  cast(workers.active_count as bigint) as active_count,
  cast(workers.in_city_count as bigint) as in_city_count,
  cast(travellers.traveller_count as bigint) as traveller_count,
  cast(round(workers.active_persons, 0) as bigint) as active_persons,
  round(sqrt(cast(workers.active_variance as double)), 3) as active_standard_error_persons,
  cast({{ share_of('workers.active_persons', 'workers.worker_persons') }} as decimal(9, 6))
    as active_share,
  cast(round(
    sqrt(cast(workers.active_variance as double)) / nullif(cast(workers.worker_persons as double), 0),
    6
  ) as decimal(9, 6)) as active_standard_error_share,
  cast({{ share_of('workers.in_city_persons', 'workers.worker_persons') }} as decimal(9, 6))
    as in_city_share,
  cast({{ share_of('travellers.traveller_count', 'travellers.device_count') }} as decimal(9, 6))
    as traveller_share
from workers
left join travellers
  on workers.data_date = travellers.data_date and workers.region_id = travellers.region_id
left join {{ ref('stg_reference__calendar') }} as calendar on workers.data_date = calendar.date
