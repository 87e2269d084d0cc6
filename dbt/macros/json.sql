{% macro json_text(column, key) -%}
  {#- The text under a key of a JSON object; null when the key is absent or null. -#}
  {{ return(adapter.dispatch('json_text', 'citypulse')(column, key)) }}
{%- endmacro %}

{% macro default__json_text(column, key) -%}
  get_json_object({{ column }}, '$.{{ key }}')
{%- endmacro %}

{% macro duckdb__json_text(column, key) -%}
  json_extract_string({{ column }}, '$.{{ key }}')
{%- endmacro %}
