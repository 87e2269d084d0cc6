with cells as (
  select *, {{ is_publishable_cell() }} as is_published
  from {{ history('int_power__state_cell_day', var('stale_max_days')) }} as cells
)

select
  good.data_date,
  good.value_date,
  cells.region_id,
  cells.industry_code,
  cells.scale,
  cells.enterprise_count,
  cells.unknown_count,
  {%- for count in state_counts() if count not in ['enterprise_count', 'unknown_count'] %}
  case when cells.is_published then cells.{{ count }} end as {{ count }},
  {%- endfor %}
  case
    when cells.is_published then {{ pct_of('cells.resumed_count', 'cells.enterprise_count') }}
  end as resumed_pct,
  case
    when cells.is_published then {{ pct_of('cells.at_capacity_count', 'cells.enterprise_count') }}
  end as at_capacity_pct,
  case
    when cells.enterprise_count = 0 then 'not_collected'
    when not cells.is_published then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_power__state_cell_day') }} as good
inner join cells on good.value_date = cells.data_date
