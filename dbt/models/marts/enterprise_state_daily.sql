{#- State counts are rounded and hidden like those of return_to_work_daily: an exact one here would
    undo both there. -#}
with cells as (
  select
    cells.data_date,
    cells.region_id,
    cells.industry_code,
    cells.scale,
    cells.enterprise_count,
    cells.unknown_count,
    {%- for count in state_counts() if count not in ['enterprise_count', 'unknown_count'] %}
    {{ published_enterprises('cells.' ~ count, 'cells.enterprise_count') }} as {{ count }},
    {%- endfor %}
    {{ is_publishable_cell() }} and hidden.data_date is null as is_published
  from {{ history('int_power__state_cell_day', var('stale_max_days')) }} as cells
  left join {{ history('int_power__hidden_day', var('stale_max_days')) }} as hidden
    on cells.data_date = hidden.data_date
    and cells.region_id = hidden.region_id
    and cells.industry_code = hidden.industry_code
    and cells.scale = hidden.scale
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
