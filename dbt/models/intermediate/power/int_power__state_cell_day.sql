{#- Enterprises by state, and against the orders of the day, by region, industry and scale and every
    roll-up of the three. -#}
with enterprises as (
  select
    day.data_date,
    day.enterprise_id,
    day.region_id as district,
    day.industry_code as industry,
    day.scale as size_class,
    states.level,
    day.is_newly_resumed,
    day.relapse_count,
    max(case when orders.order_kind = 'closed' then 1 else 0 end) as is_ordered,
    max(case when orders.order_kind = 'closed' then {{ evidence_days('orders', 'day') }} end)
      as evidence_days,
    max(case when orders.order_kind = 'allowed' then 1 else 0 end) as is_allowed
  from {{ ref('int_power__state_day') }} as day
  left join {{ ref('power_states') }} as states on day.state = states.state
  left join {{ ref('closure_orders') }} as orders on {{ applies_to('orders', 'day') }}
  group by 1, 2, 3, 4, 5, 6, 7, 8
),

marked as (
  select
    *,
    level >= {{ resumed_level() }} as is_open,
    -- an order to stay closed goes before a permission to open
    case when is_ordered = 0 then is_allowed else 0 end as may_open
  from enterprises
)

select
  data_date,
  case when grouping(district) = 1 then '{{ var("city_region_id") }}' else district end
    as region_id,
  case when grouping(industry) = 1 then 'all' else industry end as industry_code,
  case when grouping(size_class) = 1 then 'all' else size_class end as scale,
  {%- for count, condition in [
    ('enterprise_count', 'level is not null'),
    ('unknown_count', 'level is null'),
    ('closed_count', 'level = 0'),
    ('keeping_alive_count', 'level > 0 and not is_open'),
    ('resumed_count', 'is_open'),
    ('at_capacity_count', 'level > ' ~ resumed_level()),
    ('newly_resumed_count', 'is_newly_resumed'),
    ('relapsed_count', 'not is_open and relapse_count > 0'),
    ('ordered_count', 'is_ordered = 1 and level is not null'),
    ('ordered_open_count', 'is_open and evidence_days >= ' ~ param('closure_watch_min_days')),
    ('allowed_count', 'may_open = 1 and level is not null'),
    ('allowed_closed_count', 'may_open = 1 and not is_open')
  ] %}
  cast(sum(case when {{ condition }} then 1 else 0 end) as bigint) as {{ count }}
  {{- ',' if not loop.last }}
  {%- endfor %}
from marked
group by data_date, cube (district, industry, size_class)
