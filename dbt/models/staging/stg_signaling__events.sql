{{ staged('bronze', 'events') }}
