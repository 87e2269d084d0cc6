{#- Arrivals and departures by ticket. Cells of fewer than k distinct passengers are empty, the
    others rounded. -#}
with cells as (
  select
    *,
    {{ below_k('passenger_count') }} as is_suppressed
  from {{ history('int_ticketing__intercity_day', var('stale_max_days')) }} as cells
)

select
  good.data_date,
  good.value_date,
  cells.mode,
  cells.direction,
  cells.other_region_id,
  {{ published_count('cells.ticket_count', 'cells.passenger_count') }} as ticket_count,
  {{ published_count('cells.passenger_count') }} as passenger_count,
  case
    when not cells.is_suppressed and cells.past_midnight_count = 0 then 0
    when not cells.is_suppressed then {{ published_count('cells.past_midnight_count') }}
  end as past_midnight_count,
  case
    when cells.is_suppressed then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_ticketing__intercity_day') }} as good
inner join cells on good.value_date = cells.data_date
