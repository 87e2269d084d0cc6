{{ staged('bronze', 'issues') }}
