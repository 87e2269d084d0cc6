{% macro day(text) -%}
  cast('{{ text }}' as date)
{%- endmacro %}

{% macro window_start() -%}
  {{ day(var('window_start')) }}
{%- endmacro %}

{% macro window_end() -%}
  {{ day(var('window_end')) }}
{%- endmacro %}

{% macro days_before_window(days) -%}
  {#- A literal, so that the lake reads only the partitions it must. -#}
  {%- set start = modules.datetime.date.fromisoformat(var('window_start')) -%}
  {{ day((start - modules.datetime.timedelta(days=days)).isoformat()) }}
{%- endmacro %}

{% macro in_window(column='data_date') -%}
  {{ column }} between {{ window_start() }} and {{ window_end() }}
{%- endmacro %}

{% macro add_days(date_expression, days) -%}
  cast({{ dbt.dateadd('day', days, date_expression) }} as date)
{%- endmacro %}

{% macro days_between(earlier, later) -%}
  {{ dbt.datediff(earlier, later, 'day') }}
{%- endmacro %}

{% macro weekday_of(date_expression) -%}
  {#- 0 = Monday; 1970-01-05 was one -#}
  mod({{ days_between(day('1970-01-05'), date_expression) }} + 7 * 10000, 7)
{%- endmacro %}
