{#- The days whose mean is the baseline of each date of the window, by kind of baseline. -#}
with window_days as (
  select
    w.data_date,
    w.lunar_new_year_date,
    w.days_from_lunar_new_year,
    cast({{ dbt.date_trunc('year', 'w.data_date') }} as date) as year_start,
    cast({{ dbt.date_trunc('month', 'w.data_date') }} as date) as month_start,
    max(earlier.new_year_date) as previous_new_year_date
  from {{ ref('int_calendar__window') }} as w
  inner join {{ ref('lunar_new_year') }} as earlier
    on earlier.new_year_date < w.lunar_new_year_date
  group by 1, 2, 3, 4, 5
),

periods as (
  select
    data_date,
    'dec_mean' as baseline_kind,
    cast({{ dbt.dateadd('month', -1, 'year_start') }} as date) as period_start_date,
    {{ add_days('year_start', -1) }} as period_end_date
  from window_days
  union all
  select
    data_date,
    'q4_mean',
    cast({{ dbt.dateadd('month', -3, 'year_start') }} as date),
    {{ add_days('year_start', -1) }}
  from window_days
  union all
  select
    data_date,
    'same_month_last_year',
    cast({{ dbt.dateadd('month', -12, 'month_start') }} as date),
    {{ add_days("cast(" ~ dbt.dateadd('month', -11, 'month_start') ~ " as date)", -1) }}
  from window_days
  union all
  select
    data_date,
    'lunar_aligned',
    {{ add_days('previous_new_year_date',
                'days_from_lunar_new_year - cast(' ~ param('lunar_half_window_days') ~ ' as integer)') }},
    {{ add_days('previous_new_year_date',
                'days_from_lunar_new_year + cast(' ~ param('lunar_half_window_days') ~ ' as integer)') }}
  from window_days
  union all
  select
    data_date,
    'pre_festival_mean',
    {{ add_days('lunar_new_year_date', 'cast(' ~ param('pre_festival_from_day') ~ ' as integer)') }},
    {{ add_days('lunar_new_year_date', 'cast(' ~ param('pre_festival_to_day') ~ ' as integer)') }}
  from window_days
),

days as (
  {{ dbt.date_spine('day', days_before_window(var('power_history_days')), window_end()) }}
)

select
  periods.data_date,
  periods.baseline_kind,
  periods.period_start_date,
  periods.period_end_date,
  cast(days.date_day as date) as baseline_date
from periods
-- a baseline that reaches into its own future is none
inner join days
  on cast(days.date_day as date) between periods.period_start_date and periods.period_end_date
  and periods.period_end_date < periods.data_date
