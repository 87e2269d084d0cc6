{#- Cells under k devices are empty and the others rounded; shares are computed from what is published
    of the flows out of the region, so they say nothing more (docs/disclosure.md). -#}
with flows as (
  select
    data_date,
    from_region_id,
    to_region_id,
    {{ published_count('device_count') }} as device_count
  from {{ history('int_mobility__flow_day', var('stale_max_days')) }} as flows
  where from_region_id <> to_region_id
)

select
  good.data_date,
  good.value_date,
  flows.from_region_id,
  flows.to_region_id,
  flows.device_count,
  {{ share_of(
    'flows.device_count',
    'sum(flows.device_count) over (partition by good.data_date, flows.from_region_id)'
  ) }} as share,
  case
    when flows.device_count is null then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_mobility__flow_day') }} as good
inner join flows on good.value_date = flows.data_date
