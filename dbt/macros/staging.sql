{% macro staged(source_name, table_name) -%}
  {#-
    The staging view of one bronze table: the columns and types of its generated YAML, and nothing
    after the window's end, so that no row can depend on a later day.
  -#}
  {%- set relation = source(source_name, table_name) -%}
  select
  {%- for column in model.columns.values() %}
    cast({{ column.name }} as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
  {%- endfor %}
  from {{ relation }}
  {%- if 'data_date' in model.columns %}
  where data_date <= {{ window_end() }}
  {%- endif %}
{%- endmacro %}
