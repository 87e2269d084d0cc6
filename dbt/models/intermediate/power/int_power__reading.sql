{#- Every reading of the last power_history_days with the verdict of the meter checks. A verdict
    rests on the enterprise's own readings of the meter_history_days before and on nothing later. -#}
{%- set run_gap_days = 7 -%}
{%- set reach = var('power_history_days') + var('meter_history_days') + run_gap_days -%}
with readings as (
  select
    energy.enterprise_id,
    energy.data_date,
    energy.energy_kwh,
    {{ days_between(day('1970-01-01'), 'energy.data_date') }} as day_number
  from {{ ref('stg_power__energy_daily') }} as energy
  where energy.data_date >= {{ days_before_window(reach) }}
),

steps as (
  select
    *,
    -- a reading equal to the one before it continues a run, unless days are missing between them
    coalesce(
      energy_kwh = lag(energy_kwh) over own
      and day_number - lag(day_number) over own <= {{ run_gap_days }},
      false
    ) as is_repeat
  from readings
  window own as (partition by enterprise_id order by day_number)
),

histories as (
  select
    *,
    count(*) over before_it as history_days,
    {{ quantile_over('energy_kwh', var('meter_high_quantile'), 'before_it') }} as high_kwh,
    count(*) over history_and_it as pair_count,
    sum(case when is_repeat then 1 else 0 end) over history_and_it as repeat_count,
    coalesce(
      max(case when not is_repeat then day_number end) over history_and_it,
      min(day_number) over history_and_it
    ) as run_start_day,
    -- the week up to the reading, and what came before that week
    count(*) over week as week_days,
    min(energy_kwh) over week as week_low_kwh,
    max(energy_kwh) over day_before_week as day_before_week_kwh,
    count(*) over before_week as before_week_days,
    {{ quantile_over('energy_kwh', var('meter_high_quantile'), 'before_week') }}
      as before_week_high_kwh,
    count(*) over weeks as weeks_days,
    max(energy_kwh) over weeks as weeks_top_kwh
  from steps
  window
    before_it as (
      partition by enterprise_id order by day_number
      range between {{ var('meter_history_days') }} preceding and 1 preceding
    ),
    history_and_it as (
      partition by enterprise_id order by day_number
      range between {{ var('meter_history_days') }} preceding and current row
    ),
    week as (
      partition by enterprise_id order by day_number
      range between {{ var('meter_shift_days') - 1 }} preceding and current row
    ),
    day_before_week as (
      partition by enterprise_id order by day_number
      range between {{ var('meter_shift_days') }} preceding
      and {{ var('meter_shift_days') }} preceding
    ),
    before_week as (
      partition by enterprise_id order by day_number
      range between {{ var('meter_history_days') }} preceding
      and {{ var('meter_shift_days') }} preceding
    ),
    weeks as (
      partition by enterprise_id order by day_number
      range between {{ var('meter_placeholder_days') - 1 }} preceding and current row
    )
),

runs as (
  select
    *,
    count(*) over (
      partition by enterprise_id, run_start_day order by day_number
      rows between unbounded preceding and current row
    ) as run_days,
    history_days >= {{ param('meter_min_history_days') }}
    and high_kwh > {{ param('meter_placeholder_kwh') }} as is_judged
  from histories
),

judged as (
  select
    *,
    {{ share_of('energy_kwh', 'high_kwh') }} as high_ratio,
    -- how often this enterprise's readings repeat outside the run, one more each way (Laplace)
    cast(repeat_count - (run_days - 1) + 1 as double)
    / cast(pair_count - (run_days - 1) + 2 as double) as repeat_share
  from runs
),

verdicts as (
  select
    *,
    case
      when is_judged
        and high_ratio > {{ param('meter_impossible_factor') }}
        and high_ratio
        between {{ param('meter_unit_factor') }} / {{ param('meter_unit_tolerance') }}
        and {{ param('meter_unit_factor') }} * {{ param('meter_unit_tolerance') }}
        then 'wrong_unit'
      when is_judged and high_ratio > {{ param('meter_impossible_factor') }} then 'impossible'
      when is_judged
        and run_days >= {{ param('meter_stuck_min_days') }}
        -- a meter that has never moved cannot be told from supply at a flat rate
        and pair_count - run_days >= {{ param('meter_min_history_days') }}
        and high_ratio >= {{ param('meter_stuck_min_level_share') }}
        and power(repeat_share, run_days - 1)
        <= cast({{ param('meter_stuck_max_chance') }} as double)
        then 'stuck'
      when week_days = {{ var('meter_shift_days') }}
        and before_week_days >= {{ param('meter_min_history_days') }}
        and before_week_high_kwh > {{ param('meter_placeholder_kwh') }}
        and day_before_week_kwh <= before_week_high_kwh
        and week_low_kwh > {{ param('meter_shift_factor') }} * before_week_high_kwh
        then 'level_shift'
      when weeks_days >= {{ var('meter_placeholder_days') }} / 2
        and weeks_top_kwh <= {{ param('meter_placeholder_kwh') }}
        then 'placeholder'
    end as check_code
  from judged
)

select
  verdicts.enterprise_id,
  verdicts.data_date,
  verdicts.energy_kwh,
  {{ is_off_day('verdicts.data_date', 'calendar.is_workday') }} as is_off_day,
  verdicts.check_code,
  cast(case verdicts.check_code
    when 'stuck' then {{ add_days('verdicts.data_date', 'cast(verdicts.run_start_day - verdicts.day_number as integer)') }}
    when 'level_shift' then {{ add_days('verdicts.data_date', 1 - var('meter_shift_days')) }}
    when 'placeholder' then {{ add_days('verdicts.data_date', 1 - var('meter_placeholder_days')) }}
    else verdicts.data_date
  end as date) as evidence_from_date,
  not coalesce(checks.excludes_reading, false) as is_accepted
from verdicts
left join {{ ref('meter_checks') }} as checks on verdicts.check_code = checks.check_code
left join {{ ref('stg_reference__calendar') }} as calendar on verdicts.data_date = calendar.date
where verdicts.data_date >= {{ days_before_window(var('power_history_days')) }}
