{% macro param(name) -%}
  {#- A number of seeds/parameters.csv, by name. -#}
  (select max(parameter_value) from {{ ref('parameters') }} where parameter_name = '{{ name }}')
{%- endmacro %}
