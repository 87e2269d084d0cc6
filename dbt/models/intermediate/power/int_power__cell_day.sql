{#- Sums of enterprises by region, industry and scale and every roll-up of the three, one row a named
    variant of the index, with all users and without each cell's largest: one refinery can lift a
    whole city (domain reference 1). Roll-ups are recomputed from enterprises: sub-indices are never
    averaged. -#}
{%- set key_digits = 24 -%}
with enterprises as (
  select
    day.data_date,
    day.enterprise_id,
    day.region_id as district,
    day.industry_code as industry,
    day.scale as size_class,
    day.reading_date,
    day.is_reported,
    day.is_counted,
    day.is_imputed,
    day.refused_code is not null as is_refused,
    day.baseline_kwh,
    variants.variant,
    case when day.is_counted then day.energy_kwh else 0 end as energy_kwh,
    case when day.is_counted then day.baseline_kwh else 0 end as counted_kwh,
    day.is_counted and {{ is_resumed('day.energy_kwh', 'day.baseline_kwh', 'variants') }}
      as is_resumed,
    case when day.is_counted
      then {{ recovered_kwh('day.energy_kwh', 'day.baseline_kwh', 'variants') }}
      else 0
    end as recovered_kwh,
    -- sorts by baseline, then by number: the greatest is the cell's largest user
    case when day.is_counted
      then {{ dbt.concat([
        "lpad(cast(day.baseline_kwh as " ~ dbt.type_string() ~ "), " ~ key_digits ~ ", '0')",
        "day.enterprise_id"
      ]) }}
    end as size_key
  from {{ ref('int_power__enterprise_day') }} as day
  inner join {{ ref('power_variants') }} as variants on day.baseline_kind = variants.baseline_kind
),

cells as (
  select
    data_date,
    variant,
    case when grouping(district) = 1 then '{{ var("city_region_id") }}' else district end
      as region_id,
    case when grouping(industry) = 1 then 'all' else industry end as industry_code,
    case when grouping(size_class) = 1 then 'all' else size_class end as scale,
    max(size_key) as largest_key,
    max(case when is_counted then reading_date end) as newest_reading_date,
    count(baseline_kwh) as registered_count,
    sum(case when baseline_kwh is not null and is_reported then 1 else 0 end) as reported_count,
    sum(case when is_imputed then 1 else 0 end) as imputed_count,
    sum(case when is_refused then 1 else 0 end) as refused_count,
    sum(case when baseline_kwh is null and is_reported then 1 else 0 end) as no_baseline_count,
    sum(case when is_counted then 1 else 0 end) as enterprise_count,
    sum(case when is_resumed then 1 else 0 end) as resumed_count,
    sum(energy_kwh) as energy_kwh,
    sum(recovered_kwh) as recovered_kwh,
    sum(counted_kwh) as baseline_kwh,
    sum(coalesce(baseline_kwh, 0)) as registered_kwh,
    sum(case when is_reported then counted_kwh else 0 end) as reported_kwh,
    sum(case when is_imputed then counted_kwh else 0 end) as imputed_kwh
  from enterprises
  group by data_date, variant, cube (district, industry, size_class)
),

largest as (
  select
    cells.*,
    enterprises.is_resumed as largest_is_resumed,
    enterprises.is_reported as largest_is_reported,
    enterprises.is_imputed as largest_is_imputed,
    enterprises.energy_kwh as largest_energy_kwh,
    enterprises.recovered_kwh as largest_recovered_kwh,
    enterprises.counted_kwh as largest_kwh
  from cells
  inner join enterprises
    on cells.data_date = enterprises.data_date
    and cells.variant = enterprises.variant
    and cells.largest_key = enterprises.size_key
  where cells.enterprise_count > 1
),

users_of as (
  select
    data_date, variant, 'all' as users, region_id, industry_code, scale, newest_reading_date,
    registered_count, reported_count, imputed_count, refused_count, no_baseline_count,
    enterprise_count, resumed_count, energy_kwh, recovered_kwh, baseline_kwh, registered_kwh,
    reported_kwh, imputed_kwh
  from cells
  union all
  select
    data_date, variant, 'without_largest', region_id, industry_code, scale, newest_reading_date,
    registered_count - 1,
    reported_count - case when largest_is_reported then 1 else 0 end,
    imputed_count - case when largest_is_imputed then 1 else 0 end,
    refused_count, no_baseline_count,
    enterprise_count - 1,
    resumed_count - case when largest_is_resumed then 1 else 0 end,
    energy_kwh - largest_energy_kwh,
    recovered_kwh - largest_recovered_kwh,
    baseline_kwh - largest_kwh,
    registered_kwh - largest_kwh,
    reported_kwh - case when largest_is_reported then largest_kwh else 0 end,
    imputed_kwh - case when largest_is_imputed then largest_kwh else 0 end
  from largest
)

select
  data_date,
  variant,
  users,
  region_id,
  industry_code,
  scale,
  newest_reading_date,
  {%- for count in [
    'registered_count', 'reported_count', 'imputed_count', 'refused_count', 'no_baseline_count',
    'enterprise_count', 'resumed_count'
  ] %}
  cast({{ count }} as bigint) as {{ count }},
  {%- endfor %}
  {%- for sum in [
    'energy_kwh', 'recovered_kwh', 'baseline_kwh', 'registered_kwh', 'reported_kwh', 'imputed_kwh'
  ] %}
  cast({{ sum }} as decimal(18, 3)) as {{ sum }}{{ ',' if not loop.last }}
  {%- endfor %}
from users_of
