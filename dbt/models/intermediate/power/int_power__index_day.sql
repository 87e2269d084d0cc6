{#- The index of every cell and variant as published: rates, weekly mean and band, empty where the
    cell may not be shown. Both return_to_work marts choose their rows here. -#}
with cells as (
  select * from {{ history(
    'int_power__cell_day', var('stale_max_days') + var('index_smoothing_days') - 1
  ) }} as cells
),

hidden as (
  select data_date, region_id, industry_code, scale
  from {{ history(
    'int_power__hidden_day', var('stale_max_days') + var('index_smoothing_days') - 1
  ) }} as hidden_cells
),

-- resumed enterprises as they are published, with and without the largest: the difference of two
-- exact counts would say whether the largest user is open
counted as (
  select
    cells.*,
    {{ published_resumed_count() }} as published_resumed_count,
    {{ of_all_users('enterprise_count') }} as all_enterprise_count
  from cells
),

rates as (
  select
    cells.*,
    variants.baseline_kind,
    {{ pct_of('published_resumed_count', 'all_enterprise_count') }} as resumption_rate_pct,
    {{ pct_of('recovered_kwh', 'cells.baseline_kwh') }} as recovery_rate_pct,
    {{ power_index(
      pct_of('published_resumed_count', 'all_enterprise_count'),
      pct_of('recovered_kwh', 'cells.baseline_kwh'),
      'variants'
    ) }} as index_value,
    {{ is_publishable_cell() }}
    and hidden.data_date is null
    and (users = 'all' or enterprise_count >= {{ param('largest_user_min_enterprises') }})
      as is_published
  from counted as cells
  inner join {{ ref('power_variants') }} as variants on cells.variant = variants.variant
  left join hidden
    on cells.data_date = hidden.data_date
    and cells.region_id = hidden.region_id
    and cells.industry_code = hidden.industry_code
    and cells.scale = hidden.scale
),

smoothed as (
  select
    *,
    sum(case when is_published then cast(index_value as decimal(18, 4)) end) over week
      as week_sum,
    count(case when is_published then index_value end) over week as week_days
  from rates
  window week as (
    partition by variant, users, region_id, industry_code, scale
    order by {{ days_between(day('1970-01-01'), 'data_date') }}
    range between {{ var('index_smoothing_days') - 1 }} preceding and current row
  )
)

select
  smoothed.data_date,
  -- a cell of which nobody reported stands on the newest reading carried into it
  case
    when smoothed.reported_count > 0 then smoothed.data_date
    else coalesce(smoothed.newest_reading_date, smoothed.data_date)
  end as value_date,
  smoothed.variant,
  smoothed.baseline_kind,
  smoothed.users,
  smoothed.region_id,
  smoothed.industry_code,
  smoothed.scale,
  smoothed.is_published,
  smoothed.registered_count,
  smoothed.enterprise_count,
  smoothed.imputed_count,
  smoothed.refused_count,
  smoothed.no_baseline_count,
  {{ share_of('smoothed.reported_count', 'smoothed.registered_count') }} as reporting_share,
  {%- for share, part, whole in [
    ('reporting_baseline_share', 'reported_kwh', 'registered_kwh'),
    ('imputed_baseline_share', 'imputed_kwh', 'baseline_kwh')
  ] %}
  case when smoothed.is_published
    then {{ share_of('smoothed.' ~ part, 'smoothed.' ~ whole) }}
  end as {{ share }},
  {%- endfor %}
  {%- for value in [
    'resumption_rate_pct', 'recovery_rate_pct', 'index_value', 'energy_kwh', 'baseline_kwh'
  ] %}
  case when smoothed.is_published then smoothed.{{ value }} end as {{ value }},
  {%- endfor %}
  case when smoothed.is_published then smoothed.published_resumed_count end as resumed_count,
  case
    when smoothed.is_published and smoothed.week_days >= {{ param('index_smoothing_min_days') }}
      then round(cast(smoothed.week_sum as double) / smoothed.week_days, 4)
  end as index_value_7d_mean,
  case when smoothed.is_published then bands.band end as band
from smoothed
left join {{ ref('index_bands') }} as bands
  on smoothed.index_value >= bands.lower_pct
  and (bands.upper_pct is null or smoothed.index_value < bands.upper_pct)
