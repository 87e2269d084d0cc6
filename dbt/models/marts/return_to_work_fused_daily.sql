{#- The fused index, and beside it the weight and value of each source. A region stays in the mart
    while a source has measured it within the spread's days, the city from its first source on:
    a date before all data has no row. -#}
{%- set sources = ['footfall', 'mobility', 'power', 'ticketing'] %}
with measured as (
  select
    days.data_date,
    days.region_id,
    {%- for source in sources %}
    max(case when days.source = '{{ source }}' then days.index_value end) as {{ source }}_value,
    max(case when days.source = '{{ source }}' then seed.weight end) as {{ source }}_published,
    {%- endfor %}
    sum(seed.weight) as weight_sum
  from {{ ref('int_fused__source_day') }} as days
  inner join {{ ref('fused_index_sources') }} as seed on days.source = seed.source
  group by days.data_date, days.region_id
),

cells as (
  select distinct w.data_date, history.region_id
  from {{ ref('int_calendar__window') }} as w
  inner join {{ ref('int_fused__source_history') }} as history
    on history.data_date <= w.data_date
    and history.data_date > {{ add_days('w.data_date', '-' ~ var('fused_spread_days')) }}
  union
  select distinct w.data_date, '{{ var("city_region_id") }}'
  from {{ ref('int_calendar__window') }} as w
  inner join {{ ref('int_fused__source_history') }} as history
    on history.data_date <= w.data_date
)

select
  cells.data_date,
  cells.region_id,
  fused.index_value,
  fused.lower_value,
  fused.upper_value,
  coalesce(fused.source_count, 0) as source_count,
  fused.sources,
  nullif(
    ltrim(
      {%- for source in sources %}
      case when measured.{{ source }}_value is null then '+{{ source }}' else '' end
      {{- ' ||' if not loop.last }}
      {%- endfor %},
      '+'
    ),
    ''
  ) as missing_sources,
  {%- for source in sources %}
  measured.{{ source }}_value,
  {{ share_of('measured.' ~ source ~ '_published', 'measured.weight_sum') }}
    as {{ source }}_weight_share,
  {%- endfor %}
  fused.weight_present_share,
  fused.source_spread_points,
  fused.degrees_of_freedom,
  case when fused.index_value is null then 'not_collected' end as missing_reason
from cells
left join measured
  on cells.data_date = measured.data_date and cells.region_id = measured.region_id
left join {{ ref('int_fused__index_day') }} as fused
  on cells.data_date = fused.data_date and cells.region_id = fused.region_id
