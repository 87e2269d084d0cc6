{#- The kind of baseline each mode is held against on each date of the window: the first with enough
    days of counts. One kind a mode, so that roll-ups compare like with like. -#}
with counted as (
  select distinct data_date, mode from {{ ref('int_ticketing__station_count') }}
),

usable as (
  select
    days.data_date,
    counted.mode,
    days.baseline_kind,
    days.priority
  from {{ ref('int_ticketing__baseline_day') }} as days
  inner join counted on days.baseline_date = counted.data_date
  group by days.data_date, counted.mode, days.baseline_kind, days.priority, days.min_days
  having count(*) >= days.min_days
),

ranked as (
  select
    *,
    row_number() over (partition by data_date, mode order by priority) as place
  from usable
)

select data_date, mode, baseline_kind
from ranked
where place = 1
