{#- The index by named variant, with and without the largest user, and the distance from the lunar
    new year on which years are compared. -#}
select
  good.data_date,
  {{ shown_value_date() }} as value_date,
  calendar.lunar_new_year_date,
  calendar.days_from_lunar_new_year,
  cells.region_id,
  cells.industry_code,
  cells.scale,
  cells.variant,
  cells.baseline_kind,
  cells.users,
  cells.enterprise_count,
  cells.imputed_count,
  {{ published_index([
    'imputed_baseline_share', 'resumption_rate_pct', 'recovery_rate_pct', 'index_value',
    'index_value_7d_mean', 'band'
  ]) }}
from {{ last_good_dates('int_power__cell_day') }} as good
inner join {{ ref('int_power__index_day') }} as cells on good.value_date = cells.data_date
inner join {{ ref('int_calendar__window') }} as calendar on good.data_date = calendar.data_date
