{#- The state of every enterprise with a baseline, by hysteresis: a level is entered after enter_days
    readings in a row above its share of the baseline of such a day, and left after leave_days at or
    below it. A season begins before a lunar new year and holds until the next; every date is judged
    from its season's first reading after the baseline, so no date depends on where a build began. -#}
with references_of as (
  select
    day.data_date,
    day.enterprise_id,
    day.region_id,
    day.industry_code,
    day.scale,
    day.baseline_kwh,
    day.workday_kwh,
    day.off_day_kwh,
    periods.baseline_kind,
    periods.period_start_date,
    periods.period_end_date,
    row_number() over (
      partition by day.data_date, day.enterprise_id
      order by case when day.baseline_kind = 'pre_festival_mean' then 1 else 0 end
    ) as place
  from {{ ref('int_power__enterprise_day') }} as day
  inner join (
    select distinct data_date, baseline_kind, period_start_date, period_end_date
    from {{ ref('int_power__baseline_day') }}
  ) as periods
    on day.data_date = periods.data_date and day.baseline_kind = periods.baseline_kind
  where
    day.baseline_kwh is not null
    -- the primary baseline, or where it was not metered the weeks before the festival
    and day.baseline_kind in (
      'pre_festival_mean',
      (select baseline_kind from {{ ref('power_variants') }} where is_primary)
    )
),

seasons as (
  select days.data_date, max({{ season_start('festivals.new_year_date') }}) as season_start_date
  from (select distinct data_date from references_of) as days
  inner join {{ ref('lunar_new_year') }} as festivals
    on {{ season_start('festivals.new_year_date') }} <= days.data_date
  group by days.data_date
),

expected as (
  select references_of.*, seasons.season_start_date
  from references_of
  inner join seasons on references_of.data_date = seasons.data_date
  where references_of.place = 1
),

tracks as (
  select
    season_start_date,
    baseline_kind,
    period_start_date,
    period_end_date,
    enterprise_id,
    baseline_kwh,
    workday_kwh,
    off_day_kwh,
    max(data_date) as last_date
  from expected
  group by 1, 2, 3, 4, 5, 6, 7, 8
),

signals as (
  select
    tracks.season_start_date,
    tracks.period_start_date,
    tracks.baseline_kind,
    tracks.enterprise_id,
    reading.data_date,
    {{ days_between(day('1970-01-01'), 'reading.data_date') }} as day_number,
    states.level,
    states.enter_days,
    states.leave_days,
    reading.energy_kwh > states.above_share * tracks.workday_kwh as is_above,
    -- production follows the kind of day, what keeps a plant alive does not
    reading.is_off_day
    and states.level >= {{ resumed_level() }}
    and (reading.energy_kwh > states.above_share * tracks.workday_kwh)
    <> (reading.energy_kwh > states.above_share * tracks.off_day_kwh) as is_ambiguous
  from tracks
  inner join {{ ref('int_power__reading') }} as reading
    on tracks.enterprise_id = reading.enterprise_id
    and reading.data_date between tracks.season_start_date and tracks.last_date
    and reading.data_date > tracks.period_end_date
  cross join {{ ref('power_states') }} as states
  where reading.is_accepted and states.level > 0
),

changes as (
  select
    *,
    case
      when is_above = lag(is_above) over (
        partition by season_start_date, baseline_kind, period_start_date, enterprise_id, level
        order by data_date
      ) then 0
      else 1
    end as is_change
  from signals
  -- a day off that is busy for a day off and idle for a workday speaks for nothing
  where not is_ambiguous
),

numbered as (
  select
    *,
    sum(is_change) over (
      partition by season_start_date, baseline_kind, period_start_date, enterprise_id, level
      order by data_date
      rows between unbounded preceding and current row
    ) as run_number
  from changes
),

runs as (
  select
    *,
    row_number() over run as run_days,
    min(data_date) over run as run_from_date
  from numbered
  window run as (
    partition by
      season_start_date, baseline_kind, period_start_date, enterprise_id, level, run_number
    order by data_date
    rows between unbounded preceding and current row
  )
),

confirmed as (
  select
    *,
    -- an odd number when the run confirms the level on this day, an even one when its absence
    case
      when is_above and run_days = enter_days then 2 * day_number + 1
      when not is_above and run_days = leave_days then 2 * day_number
    end as event
  from runs
),

held as (
  select
    *,
    max(event) over (partition by season_start_date, baseline_kind, period_start_date, enterprise_id, level
    order by data_date
    rows between unbounded preceding and current row
    ) as last_event,
    max(event) over (partition by season_start_date, baseline_kind, period_start_date, enterprise_id, level
    order by data_date
    rows between unbounded preceding and 1 preceding
    ) as event_before
  from confirmed
),

levels as (
  select
    *,
    -- until a run has confirmed anything, the reading itself
    case when last_event is null then is_above else mod(last_event, 2) = 1 end as is_held,
    coalesce(mod(event, 2) = 1 and mod(event_before, 2) = 0, false) as is_resumption,
    coalesce(mod(event, 2) = 0 and mod(event_before, 2) = 1, false) as is_closing
  from held
),

resumptions as (
  select
    *,
    min(case when is_resumption then run_from_date end) over (partition by season_start_date, baseline_kind, period_start_date, enterprise_id, level
    order by data_date
    rows between unbounded preceding and current row
    ) as first_resumed_date
  from levels
),

relapses as (
  select
    *,
    sum(case when is_closing and first_resumed_date is not null then 1 else 0 end) over (partition by season_start_date, baseline_kind, period_start_date, enterprise_id, level
    order by data_date
    rows between unbounded preceding and current row
    ) as relapse_count
  from resumptions
),

newest as (
  select
    expected.data_date,
    expected.enterprise_id,
    expected.region_id,
    expected.industry_code,
    expected.scale,
    relapses.level,
    relapses.data_date as reading_date,
    relapses.is_held,
    relapses.is_above,
    relapses.is_resumption,
    relapses.first_resumed_date,
    relapses.relapse_count,
    relapses.run_from_date,
    relapses.run_days,
    -- each level stands on the newest reading that speaks for or against it
    row_number() over (
      partition by expected.data_date, expected.enterprise_id, relapses.level
      order by relapses.data_date desc
    ) as place
  from expected
  left join relapses
    on expected.season_start_date = relapses.season_start_date
    and expected.baseline_kind = relapses.baseline_kind
    and expected.period_start_date = relapses.period_start_date
    and expected.enterprise_id = relapses.enterprise_id
    and relapses.data_date <= expected.data_date
    and {{ days_between('relapses.data_date', 'expected.data_date') }}
    <= {{ var('stale_max_days') }}
),

days as (
  select
    data_date,
    enterprise_id,
    region_id,
    industry_code,
    scale,
    max(reading_date) as reading_date,
    max(case when is_held then level when not is_held then 0 end) as level,
    {%- for column in ['first_resumed_date', 'relapse_count'] %}
    max(case when level = {{ resumed_level() }} then {{ column }} end) as {{ column }},
    {%- endfor %}
    max(case when level = {{ resumed_level() }} and is_above then run_from_date end)
      as above_from_date,
    max(case when level = {{ resumed_level() }} and is_above then run_days else 0 end)
      as above_days,
    max(
      case
        when level = {{ resumed_level() }} and is_resumption and reading_date = data_date then 1
        else 0
      end
    ) as is_newly_resumed
  from newest
  where place = 1
  group by 1, 2, 3, 4, 5
)

select
  days.data_date,
  days.enterprise_id,
  days.region_id,
  days.industry_code,
  days.scale,
  days.reading_date,
  states.state,
  days.first_resumed_date,
  cast(days.relapse_count as bigint) as relapse_count,
  days.above_from_date,
  cast(days.above_days as bigint) as above_days,
  days.is_newly_resumed = 1 as is_newly_resumed
from days
left join {{ ref('power_states') }} as states on days.level = states.level
