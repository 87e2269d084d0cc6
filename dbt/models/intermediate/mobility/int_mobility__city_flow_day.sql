{#- Devices whose main region was in one city on the day before and in another on the day, and the
    persons they stand for: persons and variance of a stratified sample (Cochran 1977, 5.3), home
    region x carrier being the strata. Not yet suppressed. -#}
with days as (
  select days.data_date, days.device_id, cities.city_region_id
  from {{ history('int_mobility__device_day', 1) }} as days
  inner join {{ ref('int_reference__region_city') }} as cities
    on days.main_region_id = cities.region_id
),

moves as (
  select
    today.data_date,
    today.device_id,
    yesterday.city_region_id as from_city_region_id,
    today.city_region_id as to_city_region_id
  from days as today
  inner join days as yesterday
    on today.device_id = yesterday.device_id
    and yesterday.data_date = {{ add_days('today.data_date', -1) }}
    and yesterday.city_region_id <> today.city_region_id
  where {{ in_window('today.data_date') }}
),

strata as (
  select
    weights.data_date,
    weights.home_region_id,
    weights.carrier,
    weights.device_count,
    weights.weight,
    weights.persons,
    -- of a carrier that sent nothing on the day before no move is seen: the others stand for it
    carriers.carrier is not null
    and coalesce(carriers.error_code, '') <> 'carrier_missing' as is_seen
  from {{ ref('int_mobility__weight_day') }} as weights
  left join {{ history('int_mobility__carrier_day', 1) }} as carriers
    on weights.carrier = coalesce(carriers.carrier, 'unknown')
    and carriers.data_date = {{ add_days('weights.data_date', -1) }}
),

carriers_seen as (
  select
    data_date,
    sum(cast(persons as decimal(18, 6)))
    / nullif(sum(case when is_seen then cast(persons as decimal(18, 6)) end), 0) as scale
  from strata
  group by data_date
),

counted as (
  select
    moves.data_date,
    moves.from_city_region_id,
    moves.to_city_region_id,
    sample.home_region_id,
    sample.carrier,
    count(*) as device_count
  from moves
  left join {{ ref('int_mobility__sample_day') }} as sample
    on moves.data_date = sample.data_date and moves.device_id = sample.device_id
  group by
    moves.data_date,
    moves.from_city_region_id,
    moves.to_city_region_id,
    sample.home_region_id,
    sample.carrier
)

select
  counted.data_date,
  counted.from_city_region_id,
  counted.to_city_region_id,
  cast(sum(counted.device_count) as bigint) as device_count,
  cast(sum(
    cast(strata.weight * carriers_seen.scale as decimal(18, 6)) * counted.device_count
  ) as decimal(18, 3)) as persons,
  cast(sum(cast({{ stratum_variance(
    'strata.weight * carriers_seen.scale', 'counted.device_count', 'strata.device_count'
  ) }} as decimal(24, 6))) as decimal(24, 3)) as variance_persons
from counted
left join strata
  on counted.data_date = strata.data_date
  and counted.home_region_id = strata.home_region_id
  and counted.carrier = strata.carrier
  and strata.is_seen
left join carriers_seen on counted.data_date = carriers_seen.data_date
group by counted.data_date, counted.from_city_region_id, counted.to_city_region_id
