const express = require("express");

const app = express();
app.get("/", (request, response) => response.send("hello"));
app.get("/health", (request, response) => response.sendStatus(200));
app.listen(3000);
