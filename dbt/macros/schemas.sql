{% macro generate_schema_name(custom_schema_name, node) -%}
  {#- The candidate's schemas are the lake's (`intermediate`, `marts`), without a target prefix. -#}
  {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
