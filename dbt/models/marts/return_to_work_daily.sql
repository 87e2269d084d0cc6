select
  good.data_date,
  {{ shown_value_date() }} as value_date,
  cells.region_id,
  cells.industry_code,
  cells.scale,
  cells.registered_count,
  cells.enterprise_count,
  cells.imputed_count,
  cells.refused_count,
  cells.no_baseline_count,
  cells.reporting_share,
  {{ published_index([
    'reporting_baseline_share', 'imputed_baseline_share', 'resumed_count', 'resumption_rate_pct',
    'recovery_rate_pct', 'index_value', 'index_value_7d_mean', 'band'
  ]) }}
from {{ last_good_dates('int_power__cell_day') }} as good
inner join {{ ref('int_power__index_day') }} as cells on good.value_date = cells.data_date
where cells.variant = {{ primary_variant() }} and cells.users = 'all'
