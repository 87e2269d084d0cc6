{% macro rolled_up(column) -%}
  {#- A dimension under `grouping sets`: 'all' in the rows that sum over it. -#}
  case when grouping({{ column }}) = 1 then 'all' else {{ column }} end
{%- endmacro %}

{% macro below_k(count) -%}
  {#- Whether a count is known to stand on fewer than k persons; nobody (a closed line) is not. -#}
  coalesce({{ count }} > 0 and {{ count }} < {{ param('k_anonymity') }}, false)
{%- endmacro %}
