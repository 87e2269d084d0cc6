{#- Workers at their workplace against the baseline's days of the same kind, by district of work and for
    the city. A district under k devices is empty; where that would let it be found by subtracting the
    others from the city, the smallest of the others is empty too. -#}
with days as (
  select
    good.data_date,
    good.value_date,
    rates.region_id,
    rates.is_workday,
    rates.active_count,
    rates.in_city_count,
    case when rates.active_count is not null then rates.traveller_count end as traveller_count,
    rates.active_persons,
    rates.active_standard_error_persons,
    rates.active_share,
    rates.active_standard_error_share,
    rates.in_city_share,
    rates.traveller_share,
    baseline.active_share as baseline_active_share,
    baseline.in_city_share as baseline_in_city_share,
    baseline.traveller_share as baseline_traveller_share,
    rates.region_id = '{{ var("city_region_id") }}' as is_city
  from {{ last_good_dates('int_mobility__worker_stratum_day') }} as good
  inner join {{ ref('int_mobility__worker_rate_day') }} as rates on good.value_date = rates.data_date
  left join {{ ref('int_mobility__rate_baseline') }} as baseline
    on good.data_date = baseline.data_date
    and rates.region_id = baseline.region_id
    and rates.is_workday = baseline.is_workday
),

small as (
  select
    days.*,
    active_count < {{ param('k_anonymity') }} as is_small,
    row_number() over (
      partition by data_date, is_city, active_count < {{ param('k_anonymity') }}
      order by active_count, region_id
    ) as size_rank,
    sum(case when active_count < {{ param('k_anonymity') }} then 1 else 0 end)
      over (partition by data_date, is_city) as small_regions,
    sum(case when active_count < {{ param('k_anonymity') }} then active_count else 0 end)
      over (partition by data_date, is_city) as small_devices
  from days
),

cells as (
  -- null where the district was not covered: neither suppressed nor published
  select
    small.*,
    is_small
    or (
      not is_small
      and not is_city
      and size_rank = 1
      and small_regions > 0
      and (small_regions = 1 or small_devices < {{ param('k_anonymity') }})
    ) as is_suppressed
  from small
),

weeks as (
  select
    cells.data_date,
    cells.region_id,
    {{ pct_of('sum(rates.active_share)', 'sum(baseline.active_share)') }} as index_7d_pct
  from cells
  inner join {{ ref('int_mobility__worker_rate_day') }} as rates
    on cells.region_id = rates.region_id
    and rates.data_date <= cells.value_date
    and rates.data_date
      > {{ add_days('cells.value_date', '-' ~ var('index_smoothing_days')) }}
    and rates.active_count >= {{ param('k_anonymity') }}
  inner join {{ ref('int_mobility__rate_baseline') }} as baseline
    on cells.data_date = baseline.data_date
    and rates.region_id = baseline.region_id
    and rates.is_workday = baseline.is_workday
  where not cells.is_suppressed
  group by cells.data_date, cells.region_id
  having count(*) >= {{ param('mobility_smoothing_min_days') }}
),

arrivals as (
  select
    cells.data_date,
    cells.region_id,
    sum(
      case when firsts.period_start_date = {{ add_days(
        'festivals.lunar_new_year_date', 'cast(' ~ param('return_from_lunar_day') ~ ' as integer) - 1'
      ) }} then 1 else 0 end
    ) as device_count,
    sum(
      case when firsts.period_start_date = cast({{ dbt.dateadd(
        'month', -1, dbt.date_trunc('year', 'festivals.lunar_new_year_date')
      ) }} as date) then 1 else 0 end
    ) as december_count
  from cells
  inner join {{ ref('int_calendar__window') }} as festivals on cells.data_date = festivals.data_date
  inner join {{ history('int_mobility__worker_first_day', var('mobility_history_days')) }} as firsts
    on firsts.data_date <= cells.value_date
  inner join {{ ref('int_reference__region_city') }} as cities
    on firsts.work_region_id = cities.region_id
    and (cells.region_id = cities.region_id or (cells.is_city and cells.region_id = cities.city_region_id))
  where not cells.is_suppressed
  group by cells.data_date, cells.region_id
)

select
  cells.data_date,
  cells.value_date,
  cells.region_id,
  cells.is_workday,
  case when not cells.is_suppressed then {{ published_count('cells.active_count') }} end
    as device_count,
  case when not cells.is_suppressed
    then {{ published_estimate('cells.active_persons', 'cells.active_count') }}
  end as active_persons,
  case when not cells.is_suppressed then cells.active_standard_error_persons end
    as active_standard_error_persons,
  case
    when not cells.is_suppressed
      then {{ pct_of('cells.active_share', 'cells.baseline_active_share') }}
  end as index_pct,
  case
    when not cells.is_suppressed
      then {{ pct_of('cells.active_standard_error_share', 'cells.baseline_active_share') }}
  end as index_standard_error_pct,
  weeks.index_7d_pct,
  case
    when not cells.is_suppressed and cells.in_city_count >= {{ param('k_anonymity') }}
      then {{ pct_of('cells.in_city_share', 'cells.baseline_in_city_share') }}
  end as in_city_pct,
  case
    when arrivals.device_count >= {{ param('k_anonymity') }}
      then round({{ pct_of('arrivals.device_count', 'arrivals.december_count') }}, 1)
  end as cumulative_active_pct,
  case
    when not cells.is_suppressed and cells.traveller_count >= {{ param('k_anonymity') }}
      then {{ pct_of(
        'cells.baseline_traveller_share - cells.traveller_share', 'cells.baseline_traveller_share'
      ) }}
  end as intracity_loss_pct,
  case
    when cells.is_suppressed then 'suppressed'
    when cells.active_share is null or cells.baseline_active_share is null then 'not_collected'
    when cells.value_date < cells.data_date then 'stale'
  end as missing_reason
from cells
left join weeks on cells.data_date = weeks.data_date and cells.region_id = weeks.region_id
left join arrivals on cells.data_date = arrivals.data_date and cells.region_id = arrivals.region_id
