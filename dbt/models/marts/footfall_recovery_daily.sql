{#- Actual over predicted visitors, per hundred; the prediction is what the venues would have had
    without the epidemic. Where it would be a guess there is none. -#}
with days as (
  -- the one place where cells of few venues or few visitors are hidden; no visitor at all is no one
  select
    *,
    coalesce(matched_venue_count, reporting_venue_count) < {{ param('min_venues_per_cell') }} or {{ below_k('visitors') }}
      as is_small
  from {{ history('int_footfall__recovery_day', var('stale_max_days')) }} as days
),

rates as (
  select
    *,
    case when not is_small then {{ pct_of('matched_visitors', 'predicted_visitors') }} end
      as recovery_pct,
    case when not is_small then {{ pct_of('matched_visitors', 'open_predicted_visitors') }} end
      as open_recovery_pct
  from days
)

select
  good.data_date,
  good.value_date,
  '{{ var("city_region_id") }}' as region_id,
  rates.reporting_venue_count,
  rates.open_venue_count,
  {{ share_of('rates.open_venue_count', 'rates.reporting_venue_count') }} as open_share,
  case when not rates.is_small then rates.visitors end as visitors,
  case
    when not rates.is_small
      then round(cast(rates.visitors as double) / nullif(rates.open_venue_count, 0), 4)
  end as visitors_per_open_venue,
  rates.matched_venue_count,
  case when not rates.is_small then rates.predicted_visitors end as predicted_visitors,
  rates.recovery_pct,
  round(rates.recovery_pct * rates.relative_error, 4) as recovery_standard_error_pct,
  rates.open_recovery_pct,
  rates.fit_day_count,
  rates.fit_last_date,
  rates.festival_factor,
  case
    when rates.is_small then 'suppressed'
    when rates.recovery_pct is null then 'not_collected'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_footfall__recovery_day') }} as good
inner join rates on good.value_date = rates.data_date
