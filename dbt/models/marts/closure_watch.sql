{#- Enterprises under an order to stay closed whose power says they are open. A lead for a check, not
    a finding: permits, shared meters and guards' heating are not known here. -#}
select
  day.data_date,
  day.reading_date as value_date,
  orders.order_id,
  day.enterprise_id,
  day.region_id,
  day.industry_code,
  day.scale,
  day.state,
  case
    when day.above_from_date < orders.valid_from_date then orders.valid_from_date
    else day.above_from_date
  end as evidence_from_date,
  {{ evidence_days('orders', 'day') }} as evidence_days,
  case when day.reading_date < day.data_date then 'stale' end as missing_reason
from {{ ref('int_power__state_day') }} as day
inner join {{ ref('closure_orders') }} as orders on {{ applies_to('orders', 'day') }}
inner join {{ ref('power_states') }} as states on day.state = states.state
where
  orders.order_kind = 'closed'
  and states.level >= {{ resumed_level() }}
  and day.reading_date >= orders.valid_from_date
  and {{ evidence_days('orders', 'day') }} >= {{ param('closure_watch_min_days') }}
