{% macro voucher_measures() -%}
  {{ return([
    'issued_count', 'redeemed_count', 'matured_count', 'redeemed_in_window_count',
    'expired_count', 'refunded_count', 'issued_users', 'redeemed_users', 'refunded_users',
    'order_cny', 'subsidy_cny'
  ]) }}
{%- endmacro %}

{% macro voucher_changes(change_date, values, relation='vouchers') -%}
  {#- One branch of the union of changes: the measures given, zero for the others. -#}
  select
    campaign_id,
    {{ change_date }} as change_date
    {%- for measure in voucher_measures() %},
    {{ values.get(measure, 0) }} as {{ measure }}
    {%- endfor %}
  from {{ relation }}
{%- endmacro %}

{% macro local_date(instant) -%}
  {#- The day in the city of a UTC instant; China keeps one zone and no summer time. -#}
  cast({{ dbt.dateadd('hour', var('utc_offset_hours'), instant) }} as date)
{%- endmacro %}
