{#- Boardings of the month up to the date, of the whole month before and of the same month of last
    year, by station, line, mode and all modes; not suppressed. -#}
with months as (
  select
    data_date,
    cast({{ dbt.date_trunc('month', 'data_date') }} as date) as month_start
  from {{ ref('int_calendar__window') }}
),

periods as (
  select data_date, 'to_date' as period, month_start as start_date, data_date as end_date
  from months
  union all
  select
    data_date,
    'month_before',
    cast({{ dbt.dateadd('month', -1, 'month_start') }} as date),
    {{ add_days('month_start', -1) }}
  from months
  union all
  select
    data_date,
    'year_before',
    cast({{ dbt.dateadd('month', -12, 'month_start') }} as date),
    {{ add_days("cast(" ~ dbt.dateadd('month', -11, 'month_start') ~ " as date)", -1) }}
  from months
),

counted as (
  -- days with any count of the mode: a station that opened within the month has fewer of its own
  select periods.data_date, periods.period, counts.mode, count(distinct counts.data_date) as days
  from periods
  inner join {{ ref('int_ticketing__station_count') }} as counts
    on counts.data_date between periods.start_date and periods.end_date
  group by periods.data_date, periods.period, counts.mode
),

stations as (
  select
    periods.data_date,
    periods.period,
    counts.mode,
    counts.line,
    counts.station,
    sum(counts.boardings) as boardings,
    cast(sum(counts.boardings) as double) / max(counted.days) as daily_boardings,
    max(counted.days) as day_count
  from periods
  inner join {{ ref('int_ticketing__station_count') }} as counts
    on counts.data_date between periods.start_date and periods.end_date
  inner join counted
    on periods.data_date = counted.data_date
    and periods.period = counted.period
    and counts.mode = counted.mode
  group by periods.data_date, periods.period, counts.mode, counts.line, counts.station
),

daily as (
  select
    data_date, period, mode, line, station, boardings, day_count,
    cast(round(daily_boardings, 4) as decimal(18, 4)) as daily_boardings
  from stations
)

select
  data_date,
  {{ rolled_up('mode') }} as mode,
  {{ rolled_up('line') }} as line,
  {{ rolled_up('station') }} as station,
  cast(sum(case when period = 'to_date' then boardings end) as bigint) as boardings
  {%- for period in ['to_date', 'month_before', 'year_before'] %},
  cast(sum(case when period = '{{ period }}' then daily_boardings end) as decimal(18, 4))
    as {{ period }}_daily_boardings,
  max(case when period = '{{ period }}' then day_count end) as {{ period }}_day_count,
  cast(sum(case when period = '{{ period }}' then 1 else 0 end) as bigint)
    as {{ period }}_station_count
  {%- endfor %}
from daily
group by grouping sets ((data_date, mode, line, station), (data_date, mode, line), (data_date, mode), (data_date))
