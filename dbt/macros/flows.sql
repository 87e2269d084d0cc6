{% macro suppressed_under_k(value, device_count) -%}
  {#- The count where at least k distinct devices are behind it, rounded; the one place a flow is
      emptied. -#}
  {{ published_count(value, device_count) }}
{%- endmacro %}
