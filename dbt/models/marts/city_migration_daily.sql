{#- Devices that came into the city or left it from one day to the next, by the city at the other end.
    The row `all` is the sum of the published rows, so nothing can be subtracted from it. -#}
with flows as (
  select
    flows.data_date,
    origin.city_region_id as from_city_id,
    destination.city_region_id as to_city_id,
    sum(flows.device_count) as device_count
  from {{ history('int_mobility__flow_day', var('stale_max_days')) }} as flows
  inner join {{ ref('int_reference__region_city') }} as origin
    on flows.from_region_id = origin.region_id
  inner join {{ ref('int_reference__region_city') }} as destination
    on flows.to_region_id = destination.region_id
  where origin.city_region_id <> destination.city_region_id
  group by flows.data_date, origin.city_region_id, destination.city_region_id
),

sides as (
  select
    data_date,
    'in' as direction,
    from_city_id as other_city_region_id,
    {{ suppressed_under_k('device_count', 'device_count') }} as device_count
  from flows
  where to_city_id = '{{ var("city_region_id") }}'
  union all
  select
    data_date,
    'out',
    to_city_id,
    {{ suppressed_under_k('device_count', 'device_count') }}
  from flows
  where from_city_id = '{{ var("city_region_id") }}'
),

with_total as (
  select * from sides
  union all
  select data_date, direction, 'all', sum(device_count)
  from sides
  group by data_date, direction
)

select
  good.data_date,
  good.value_date,
  '{{ var("city_region_id") }}' as city_region_id,
  with_total.direction,
  with_total.other_city_region_id,
  risk.risk_level,
  cast(with_total.device_count as bigint) as device_count,
  {{ share_of(
    'with_total.device_count',
    "max(case when with_total.other_city_region_id = 'all' then with_total.device_count end) "
    ~ 'over (partition by good.data_date, with_total.direction)'
  ) }} as share,
  cast(
    case
      when with_total.device_count is not null and with_total.other_city_region_id <> 'all'
        then rank() over (
          partition by good.data_date, with_total.direction, with_total.other_city_region_id = 'all'
          order by with_total.device_count desc nulls last
        )
    end as integer
  ) as size_rank,
  case
    when with_total.device_count is null then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_mobility__flow_day') }} as good
inner join with_total on good.value_date = with_total.data_date
left join {{ ref('int_mobility__city_risk_day') }} as risk
  on with_total.data_date = risk.data_date
  and with_total.other_city_region_id = risk.city_region_id
