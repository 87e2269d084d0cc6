{#- Residents of each community who came back to the city from one day to the next, by the risk of where
    they came from on that date; every community and level has a row, so that nobody is 0 and not
    missing. Counts are of distinct devices, not yet suppressed. -#}
with communities as (
  select region.region_id
  from {{ ref('int_mobility__census') }} as region
  inner join {{ ref('int_reference__region_city') }} as city on region.region_id = city.region_id
  where city.city_region_id = '{{ var("city_region_id") }}'
),

residents as (
  select data_date, home_region_id as region_id, count(*) as resident_count
  from {{ ref('int_mobility__sample_day') }}
  group by data_date, home_region_id
),

days as (
  select data_date, device_id, main_region_id
  from {{ history('int_mobility__device_day', 1) }} as days
  where main_region_id is not null
),

arrivals as (
  select
    today.data_date,
    today.device_id,
    origin.city_region_id as origin_city_id,
    {#- what the register does not have is a country if it is two letters, else unknown -#}
    case
      when origin.region_id is null
        and (yesterday.main_region_id like '__' or yesterday.main_region_id like '__-%')
        then 'overseas'
    end as abroad
  from days as today
  inner join days as yesterday
    on today.device_id = yesterday.device_id
    and yesterday.data_date = {{ add_days('today.data_date', -1) }}
  inner join {{ ref('int_reference__region_city') }} as destination
    on today.main_region_id = destination.region_id
    and destination.city_region_id = '{{ var("city_region_id") }}'
  left join {{ ref('int_reference__region_city') }} as origin
    on yesterday.main_region_id = origin.region_id
  where {{ in_window('today.data_date') }}
    and coalesce(origin.city_region_id, 'none') <> '{{ var("city_region_id") }}'
),

returnees as (
  select
    arrivals.data_date,
    sample.home_region_id as region_id,
    coalesce(arrivals.abroad, risk.risk_level) as origin_risk,
    count(*) as device_count
  from arrivals
  inner join {{ ref('int_mobility__sample_day') }} as sample
    on arrivals.data_date = sample.data_date and arrivals.device_id = sample.device_id
  left join {{ ref('int_mobility__city_risk_day') }} as risk
    on arrivals.data_date = risk.data_date and arrivals.origin_city_id = risk.city_region_id
  group by
    arrivals.data_date, sample.home_region_id, coalesce(arrivals.abroad, risk.risk_level)
)

select
  residents.data_date,
  residents.region_id,
  weights.origin_risk,
  residents.resident_count,
  coalesce(returnees.device_count, 0) as device_count
from residents
inner join communities on residents.region_id = communities.region_id
cross join {{ ref('returnee_weights') }} as weights
left join returnees
  on residents.data_date = returnees.data_date
  and residents.region_id = returnees.region_id
  and weights.origin_risk = returnees.origin_risk
