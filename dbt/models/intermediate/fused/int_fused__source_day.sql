{#- What each source of the fused index measured on the day itself, per hundred of normal, with the
    standard error of its sampling where it is known. A stale, suppressed or missing value is not in
    it. -#}
with sources as (
  -- power: a share p of n enterprises out of N has resumed; the error of a sample without
  -- replacement, taken for both halves of the index
  select
    data_date,
    region_id,
    'power' as source,
    index_value,
    round(
      sqrt(
        resumption_rate_pct * (100 - resumption_rate_pct) / enterprise_count
        * greatest(1 - cast(enterprise_count as double) / registered_count, 0)
      ), 4
    ) as standard_error
  from {{ ref('return_to_work_daily') }}
  where
    industry_code = 'all' and scale = 'all' and region_id <> 'unknown' and missing_reason is null
  union all
  select data_date, region_id, 'mobility', index_pct, index_standard_error_pct
  from {{ ref('mobility_return_to_work_daily') }}
  where missing_reason is null
  union all
  -- ticketing: its own day where equal weekdays are compared, else the week, whose error is not known
  select
    ticketing.data_date,
    '{{ var("city_region_id") }}',
    'ticketing',
    case when kinds.is_same_weekday then ticketing.recovery_pct else ticketing.recovery_7d_pct end,
    case
      when kinds.is_same_weekday then round(ticketing.recovery_pct * spread.relative_error, 4)
    end
  from {{ ref('ticketing_daily') }} as ticketing
  inner join {{ ref('ticketing_baselines') }} as kinds
    on ticketing.baseline_kind = kinds.baseline_kind
  left join {{ ref('int_ticketing__spread_day') }} as spread
    on ticketing.data_date = spread.data_date
  where ticketing.mode = 'all' and ticketing.missing_reason is null
  union all
  select data_date, region_id, 'footfall', recovery_pct, recovery_standard_error_pct
  from {{ ref('footfall_recovery_daily') }}
  where missing_reason is null
)

select data_date, region_id, source, index_value, standard_error
from sources
where index_value is not null
