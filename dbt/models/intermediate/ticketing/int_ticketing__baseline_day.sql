{#- The days of each kind of baseline for each date of the window. -#}
with window_days as (
  select
    w.data_date,
    w.days_from_lunar_new_year,
    max(
      case when years.new_year_date < w.lunar_new_year_date then years.new_year_date end
    ) as previous_new_year_date,
    max(
      case
        when
          {{ add_days('years.new_year_date', 'cast(' ~ param('pre_festival_to_day') ~ ' as integer)') }}
          < w.data_date
          then years.new_year_date
      end
    ) as festival_date
  from {{ ref('int_calendar__window') }} as w
  cross join {{ ref('lunar_new_year') }} as years
  group by w.data_date, w.days_from_lunar_new_year
),

periods as (
  select
    data_date,
    'lunar_day_last_year' as baseline_kind,
    {{ add_days('previous_new_year_date', 'days_from_lunar_new_year') }} as period_start_date,
    {{ add_days('previous_new_year_date', 'days_from_lunar_new_year') }} as period_end_date
  from window_days
  union all
  select
    data_date,
    'weekday_pre_festival',
    {{ add_days('festival_date', 'cast(' ~ param('pre_festival_from_day') ~ ' as integer)') }},
    {{ add_days('festival_date', 'cast(' ~ param('pre_festival_to_day') ~ ' as integer)') }}
  from window_days
),

days as (
  {{ dbt.date_spine(
    'day', days_before_window(var('ticketing_history_days')), add_days(window_end(), 1)
  ) }}
)

select
  periods.data_date,
  kinds.priority,
  kinds.baseline_kind,
  kinds.min_days,
  cast(days.date_day as date) as baseline_date
from periods
inner join {{ ref('ticketing_baselines') }} as kinds
  on periods.baseline_kind = kinds.baseline_kind
-- a baseline that reaches into its own future is none
inner join days
  on cast(days.date_day as date) between periods.period_start_date and periods.period_end_date
  and cast(days.date_day as date) < periods.data_date
where
  not kinds.is_same_weekday
  or {{ weekday_of('periods.data_date') }} = {{ weekday_of('cast(days.date_day as date)') }}
