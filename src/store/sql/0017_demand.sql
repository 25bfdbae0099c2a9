-- What a transaction was worked out by may have been read before its locks came: it demands that this still holds, in
-- the one round of questions in which it writes. What fails undoes the transaction, under the name of the demand.
CREATE FUNCTION demand(holds boolean, named text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF holds IS NOT TRUE THEN
    RAISE EXCEPTION 'it does not hold any more: %', named USING ERRCODE = '23000', CONSTRAINT = named;
  END IF;
END $$;
