{#- Disclosure control, once for all marts (docs/disclosure.md). What a mart says about people comes
    out of these macros; everything else it says about them is computed from what they return. -#}

{% macro is_disclosable(contributors, threshold='k_anonymity') -%}
  {#- Distinct contributors, counted before any scaling, reach the threshold of seeds/parameters. -#}
  {{ contributors }} >= {{ param(threshold) }}
{%- endmacro %}

{% macro rounded_to(value, unit) -%}
  {#- The nearest multiple of a unit, halves upwards; exact for the unit 0, empty for none. -#}
  case
    when {{ unit }} = 0 then cast({{ value }} as double)
    else floor(cast({{ value }} as double) / cast({{ unit }} as double) + 0.5)
      * cast({{ unit }} as double)
  end
{%- endmacro %}

{% macro published_count(count, contributors=none) -%}
  {#- Distinct people or devices, counted before any scaling: empty under k, else the nearest multiple
      of `published_count_base`, so that a change of a published count may always be k people. Of
      another count (trips, visits) `contributors` says how many people are behind it. -#}
  case
    when {{ is_disclosable(contributors or count) }}
      then cast({{ rounded_to(count, param('published_count_base')) }} as bigint)
  end
{%- endmacro %}

{% macro published_estimate(estimate, contributors) -%}
  {#- A count scaled up to the population: the published count times the mean weight of its
      contributors to three digits, so that the estimate cannot undo the rounding of the count. -#}
  case
    when not {{ is_disclosable(contributors) }} then null
    when {{ param('published_count_base') }} = 0 then cast(round({{ estimate }}) as bigint)
    else cast(round({{ at_published_count(estimate, contributors) }}) as bigint)
  end
{%- endmacro %}

{% macro at_published_count(value, contributors) -%}
  {#- What an estimate proportional to its contributors would be for their published count. -#}
  {{ published_count(contributors) }}
  * {{ three_digits('(cast(' ~ value ~ ' as double) / nullif(' ~ contributors ~ ', 0))') }}
{%- endmacro %}

{% macro published_standard_error(standard_error, estimate, contributors) -%}
  {#- Of a published estimate, to one decimal. An exact one would tell the exact count (it falls with
      its root): only how much it exceeds that of a simple random sample is taken from the data. -#}
  case
    when not {{ is_disclosable(contributors) }} then null
    when {{ param('published_count_base') }} = 0
      then round(cast({{ standard_error }} as double), 1)
    else round(
      {{ at_published_count(estimate, contributors) }} / sqrt({{ published_count(contributors) }})
      * round(
        cast({{ standard_error }} as double) * sqrt({{ contributors }})
        / nullif(cast({{ estimate }} as double), 0), 1
      ), 1
    )
  end
{%- endmacro %}

{% macro three_digits(value) -%}
  {#- Rounded to three significant digits; zero stays zero. -#}
  case
    when {{ value }} = 0 then 0
    else round({{ value }} * power(10, 2 - floor(log10(abs({{ value }})))), 0)
      / power(10, 2 - floor(log10(abs({{ value }}))))
  end
{%- endmacro %}
