-- name: subscribers-several
-- Which of these subscribers have, or once had, more than one confirmed alert: only for them can one alert
-- deliver what another has delivered.
SELECT subscriber_id
  FROM subscriptions
 WHERE subscriber_id IN (:subscribers) AND state <> 'unconfirmed'
 GROUP BY subscriber_id
HAVING COUNT(*) > 1
 ORDER BY subscriber_id;
