{{ staged('bronze', 'applications') }}
