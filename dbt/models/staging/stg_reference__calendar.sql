{{ staged('bronze', 'calendar') }}
