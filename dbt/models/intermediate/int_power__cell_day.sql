{#- Sums of enterprises by region, industry and scale, and every roll-up of the three. Roll-ups are
    recomputed from enterprises: sub-indices are never averaged. -#}
with enterprises as (
  select
    data_date,
    baseline_kind,
    region_id as district,
    industry_code as industry,
    scale as size_class,
    is_counted,
    is_resumed,
    energy_kwh,
    baseline_kwh
  from {{ ref('int_power__enterprise_day') }}
)

select
  data_date,
  baseline_kind,
  case when grouping(district) = 1 then '{{ var("city_region_id") }}' else district end
    as region_id,
  case when grouping(industry) = 1 then 'all' else industry end as industry_code,
  case when grouping(size_class) = 1 then 'all' else size_class end as scale,
  count(baseline_kwh) as registered_count,
  cast(sum(case when is_counted then 1 else 0 end) as bigint) as enterprise_count,
  cast(sum(case when is_resumed then 1 else 0 end) as bigint) as resumed_count,
  cast(sum(case when baseline_kwh is null then 1 else 0 end) as bigint) as no_baseline_count,
  cast(sum(case when is_counted then energy_kwh else 0 end) as decimal(18, 3)) as energy_kwh,
  cast(sum(case when is_resumed then energy_kwh else 0 end) as decimal(18, 3))
    as resumed_energy_kwh,
  cast(sum(case when is_counted then baseline_kwh else 0 end) as decimal(18, 3)) as baseline_kwh
from enterprises
group by data_date, baseline_kind, cube (district, industry, size_class)
