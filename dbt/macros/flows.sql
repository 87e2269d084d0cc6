{% macro suppressed_under_k(value, device_count) -%}
  {#- The value where at least k distinct devices are behind it; the one place a flow is emptied. -#}
  case when {{ device_count }} >= {{ param('k_anonymity') }} then {{ value }} end
{%- endmacro %}
