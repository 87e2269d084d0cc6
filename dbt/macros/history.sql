{% macro history(model_name, days=none) -%}
  {#-
    The daily rows of an intermediate table, old and new: this run's (data_date >= window_start)
    and, before that, the lake's as published. `days` bounds how far back to read, so that a day's
    cost does not grow with history. A run over a longer window or in chunks sees the same rows.
  -#}
  {%- set current = ref(model_name) -%}
  {#- a unit test's history is its fixture -#}
  {%- if not execute or model.resource_type == 'unit_test' -%}
  (select * from {{ current }})
  {%- else -%}
  (
    select {{ model_columns(model_name) | map(attribute='name') | join(', ') }} from {{ current }}
    union all
    select * from {{ published_before(model_name, days) }} as published
  )
  {%- endif -%}
{%- endmacro %}

{% macro published_before(model_name, days=none) -%}
  {#-
    The lake's rows of an intermediate table before the window, as published; none when it never was.
    For the table that continues itself: others read `history`.
  -#}
  {%- if execute -%}
    {%- set columns = model_columns(model_name) -%}
    {%- set published = [] -%}
    {%- if model.resource_type != 'unit_test' -%}
      {%- set found = run_query(
        "select column_name from information_schema.columns where table_catalog = 'lake'"
        ~ " and table_schema = 'intermediate' and table_name = '" ~ model_name ~ "'"
      ) -%}
      {%- for row in found.rows -%}
        {%- do published.append(row[0]) -%}
      {%- endfor -%}
    {%- endif -%}
  (
    select
      {%- for column in columns %}
      {#- a column newer than the published table is unknown for its old rows #}
      {{ column.name if column.name in published else 'cast(null as ' ~ column.data_type ~ ') as ' ~ column.name }}
      {{- ',' if not loop.last }}
      {%- endfor %}
    {%- if published %}
    from lake.intermediate.{{ model_name }}
    where data_date < {{ window_start() }}
      {%- if days is not none %}
      and data_date >= {{ days_before_window(days) }}
      {%- endif %}
    {%- else %}
    where 1 = 0
    {%- endif %}
  )
  {%- endif -%}
{%- endmacro %}

{% macro model_columns(model_name) -%}
  {#- The columns a model's YAML declares, in order. -#}
  {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == model_name -%}
    {{ return(node.columns.values() | list) }}
  {%- endfor -%}
  {{ exceptions.raise_compiler_error("history('" ~ model_name ~ "'): there is no such model") }}
{%- endmacro %}

{% macro last_good_dates(model_name) -%}
  {#-
    Missing is not zero: for each date of the window, the newest date with rows that is not older
    than `stale_max_days`. Columns data_date, value_date (equal when the day itself has rows).
  -#}
  (
    select w.data_date, max(h.data_date) as value_date
    from {{ ref('int_calendar__window') }} as w
    inner join (
      select distinct data_date from {{ history(model_name, var('stale_max_days')) }} as published
    ) as h
      on h.data_date <= w.data_date
      and h.data_date >= {{ add_days('w.data_date', '-' ~ var('stale_max_days')) }}
    group by w.data_date
  )
{%- endmacro %}
