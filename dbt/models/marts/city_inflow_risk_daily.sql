{#- The published inflow into the city by the risk level of where it comes from on that date: sums of
    published cells only, so nothing can be subtracted from them. -#}
with days as (
  select distinct data_date, value_date, city_region_id
  from {{ ref('city_migration_daily') }}
  where direction = 'in'
),

inflows as (
  select
    data_date,
    risk_level,
    count(*) as origin_count,
    sum(case when device_count is null then 1 else 0 end) as suppressed_origin_count,
    sum(device_count) as device_count
  from {{ ref('city_migration_daily') }}
  where direction = 'in' and other_city_region_id <> 'all'
  group by data_date, risk_level
)

select
  days.data_date,
  days.value_date,
  days.city_region_id,
  levels.risk_level,
  cast(coalesce(inflows.origin_count, 0) as bigint) as origin_count,
  cast(coalesce(inflows.suppressed_origin_count, 0) as bigint) as suppressed_origin_count,
  cast(case when inflows.origin_count is null then 0 else inflows.device_count end as bigint)
    as device_count,
  {{ share_of(
    'case when inflows.origin_count is null then 0 else inflows.device_count end',
    'sum(inflows.device_count) over (partition by days.data_date)'
  ) }} as share,
  case
    when inflows.device_count is null and inflows.origin_count is not null then 'suppressed'
    when days.value_date < days.data_date then 'stale'
  end as missing_reason
from days
cross join {{ ref('risk_levels') }} as levels
left join inflows
  on days.data_date = inflows.data_date
  and levels.risk_level = inflows.risk_level
