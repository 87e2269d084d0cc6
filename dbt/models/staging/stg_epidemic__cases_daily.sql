{{ staged('bronze', 'cases_daily') }}
