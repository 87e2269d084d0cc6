{#- Arrivals and departures by ticket. Cells of fewer than k distinct passengers are empty. -#}
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
  case when not cells.is_suppressed then cells.ticket_count end as ticket_count,
  case when not cells.is_suppressed then cells.passenger_count end as passenger_count,
  case
    when not cells.is_suppressed and not {{ below_k('cells.past_midnight_count') }}
      then cells.past_midnight_count
  end as past_midnight_count,
  case
    when cells.is_suppressed then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_ticketing__intercity_day') }} as good
inner join cells on good.value_date = cells.data_date
