{#- Devices, and the persons they stand for, that came into the city or left it from one day to the
    next, by the city at the other end. The row `all` is the sum of the published rows, so nothing can be subtracted from it. -#}
with sides as (
  select
    data_date,
    'in' as direction,
    from_city_region_id as other_city_region_id,
    device_count as seen_count,
    persons as seen_persons,
    variance_persons
  from {{ history('int_mobility__city_flow_day', var('stale_max_days')) }} as flows
  where to_city_region_id = '{{ var("city_region_id") }}'
  union all
  select
    data_date,
    'out',
    to_city_region_id,
    device_count,
    persons,
    variance_persons
  from {{ history('int_mobility__city_flow_day', var('stale_max_days')) }} as flows
  where from_city_region_id = '{{ var("city_region_id") }}'
),

published as (
  select
    data_date,
    direction,
    other_city_region_id,
    {{ suppressed_under_k('seen_count', 'seen_count') }} as device_count,
    {{ published_estimate('seen_persons', 'seen_count') }} as persons,
    power({{ published_standard_error('sqrt(cast(variance_persons as double))', 'seen_persons', 'seen_count') }}, 2)
      as variance_persons
  from sides
),

with_total as (
  select * from published
  union all
  select data_date, direction, 'all', sum(device_count), sum(persons), sum(variance_persons)
  from published
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
  cast(round(with_total.persons, 0) as bigint) as persons,
  round(sqrt(cast(with_total.variance_persons as double)), 1) as standard_error_persons,
  round(
    cast(round(with_total.persons, 0) as double)
    * cast({{ param('migration_index_per_10k_persons') }} as double) / 10000,
    6
  ) as migration_index,
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
from {{ last_good_dates('int_mobility__city_flow_day') }} as good
inner join with_total on good.value_date = with_total.data_date
left join {{ ref('int_mobility__city_risk_day') }} as risk
  on with_total.data_date = risk.data_date
  and with_total.other_city_region_id = risk.city_region_id
