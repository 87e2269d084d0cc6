{#- Mean boardings a day of the month so far against the month before and the same month of last
    year; on the last day of a month it is the whole month. -#}
with months as (
  select
    *,
    -- the one place where k is applied to months
    {{ below_k('boardings') }} or {{ below_k('month_before_daily_boardings') }}
      or {{ below_k('year_before_daily_boardings') }} as is_suppressed
  from {{ ref('int_ticketing__month_day') }}
  where to_date_day_count is not null
)

select
  data_date,
  mode,
  line,
  station,
  to_date_day_count as day_count,
  to_date_station_count as station_count,
  month_before_day_count,
  month_before_station_count,
  year_before_day_count,
  year_before_station_count,
  case when not is_suppressed then to_date_daily_boardings end as daily_boardings,
  case when not is_suppressed then month_before_daily_boardings end as month_before_daily_boardings,
  case when not is_suppressed then year_before_daily_boardings end as year_before_daily_boardings,
  case
    when not is_suppressed
      then {{ pct_of('to_date_daily_boardings', 'month_before_daily_boardings') }}
  end as month_before_recovery_pct,
  case
    when not is_suppressed
      then {{ pct_of('to_date_daily_boardings', 'year_before_daily_boardings') }}
  end as year_before_recovery_pct,
  case
    when is_suppressed then 'suppressed'
    when month_before_daily_boardings is null and year_before_daily_boardings is null
      then 'not_collected'
  end as missing_reason
from months
